-- Component: Dapr writes no status. It is applied, and well formed; whether sidecars have loaded it, TodoEventPlatform tells in
-- MessagingReady.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "being deleted" }
end
if obj.spec == nil or obj.spec.type == nil or obj.spec.type == "" then
  return { status = "Degraded", message = "spec.type is missing: no sidecar loads it" }
end
return { status = "Healthy", message = "applied" }
