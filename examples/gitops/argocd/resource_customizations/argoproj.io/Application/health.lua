-- Application: Argo CD took its health check of Applications out in 1.8, without which sync waves of an app-of-apps wait for nothing
-- (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#argocd-app). What stands there passes the health on as it is; but a
-- new Application is called Healthy while nothing of it is there yet, and an old one until it is looked at again after its sync.
local function health(status, message)
  return { status = status, message = message or "" }
end

if obj.status == nil or obj.status.health == nil or obj.status.health.status == nil then
  return health("Progressing", "not looked at yet")
end
local operation = obj.status.operationState
if operation == nil then
  return health("Progressing", "not synced yet")
end
if operation.phase == "Failed" or operation.phase == "Error" then
  return health("Degraded", operation.message)
end
if operation.phase ~= "Succeeded" then
  return health("Progressing", operation.message)
end
-- Both are RFC 3339 in UTC and whole seconds: the order of their texts is that of their times.
if operation.finishedAt ~= nil and (obj.status.reconciledAt == nil or obj.status.reconciledAt < operation.finishedAt) then
  return health("Progressing", "not looked at since its sync")
end
return health(obj.status.health.status, obj.status.health.message)
