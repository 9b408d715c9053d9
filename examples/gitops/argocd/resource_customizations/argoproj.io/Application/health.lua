-- Application: Argo CD took its health check of Applications out in 1.8, without which sync waves of an app-of-apps wait for nothing
-- (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#argocd-app).
if obj.status ~= nil and obj.status.health ~= nil and obj.status.health.status ~= nil then
  return { status = obj.status.health.status, message = obj.status.health.message or "" }
end
return { status = "Progressing", message = "not looked at yet" }
