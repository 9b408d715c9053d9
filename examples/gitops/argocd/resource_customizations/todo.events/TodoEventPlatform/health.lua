-- TodoEventPlatform: docs/operating.md has what each condition means.
local function health(status, message)
  return { status = status, message = message or "" }
end

local conditions = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    conditions[condition.type] = condition
  end
end

if obj.metadata.deletionTimestamp ~= nil then
  local deleting = conditions["Deleting"]
  if deleting ~= nil and (deleting.reason == "Held" or deleting.reason == "Failing") then
    return health("Degraded", deleting.message)
  end
  return health("Progressing", deleting ~= nil and deleting.message or "being deleted")
end

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "its operator has not seen the newest change yet")
end

local ready = conditions["Ready"]
-- What will not come by waiting comes first: it holds whatever else is going on.
if ready ~= nil and ready.status ~= "True" and (ready.reason == "SpecRefused" or ready.reason == "Conflict") then
  return health("Degraded", ready.message)
end
for _, type in ipairs({ "KafkaReady", "TopicsReady", "DatabaseReady", "MessagingReady", "ServicesReady" }) do
  local part = conditions[type]
  if part ~= nil and part.reason == "WriteFailed" then
    return health("Degraded", part.message)
  end
end
if conditions["Suspended"] ~= nil and conditions["Suspended"].status == "True" then
  return health("Suspended", conditions["Suspended"].message)
end
if ready ~= nil and ready.status == "True" then
  return health("Healthy", ready.message)
end
return health("Progressing", ready ~= nil and ready.message or "its operator has not reported yet")
