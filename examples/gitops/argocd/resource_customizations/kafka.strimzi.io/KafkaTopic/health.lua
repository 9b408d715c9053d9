-- KafkaTopic: since its Topic Operator works without ZooKeeper a failure is Ready=False, not NotReady=True
-- (Strimzi, BatchingTopicController). Both are read.
local function health(status, message)
  return { status = status, message = message or "" }
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "being deleted")
end

local conditions = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    conditions[condition.type] = condition
  end
end
local function is(type, status)
  return conditions[type] ~= nil and conditions[type].status == status
end

if is("ReconciliationPaused", "True") then
  return health("Suspended", "paused by annotation strimzi.io/pause-reconciliation")
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "its operator has not seen the newest change yet")
end
if is("NotReady", "True") then
  return health("Degraded", conditions["NotReady"].message)
end
if is("Ready", "False") then
  return health("Degraded", conditions["Ready"].message)
end
if is("Unmanaged", "True") then
  return health("Healthy", "unmanaged")
end
if is("Ready", "True") then
  return health("Healthy")
end
return health("Progressing", "its operator has not reported yet")
