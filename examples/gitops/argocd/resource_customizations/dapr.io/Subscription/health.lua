-- Subscription: Dapr writes no status. It is applied, and well formed; whether sidecars have loaded it, TodoEventPlatform tells in
-- MessagingReady.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "being deleted" }
end
if obj.spec == nil or obj.spec.topic == nil or obj.spec.pubsubname == nil then
  return { status = "Degraded", message = "spec.topic and spec.pubsubname are needed: no sidecar subscribes" }
end
return { status = "Healthy", message = "applied" }
