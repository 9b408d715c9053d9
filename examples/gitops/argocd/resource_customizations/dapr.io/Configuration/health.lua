-- Configuration: Dapr writes no status. It is applied, and well formed; whether sidecars have loaded it, TodoEventPlatform tells in
-- MessagingReady.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "being deleted" }
end
return { status = "Healthy", message = "applied" }
