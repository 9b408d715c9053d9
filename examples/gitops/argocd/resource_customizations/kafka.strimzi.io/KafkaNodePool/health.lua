-- KafkaNodePool: it has no Ready condition. Its Kafka says when the nodes are ready; the pool tells which ones there are.
local function health(status, message)
  return { status = status, message = message or "" }
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "being deleted")
end
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "ReconciliationPaused" and condition.status == "True" then
      return health("Suspended", "paused by annotation strimzi.io/pause-reconciliation")
    end
  end
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "its operator has not seen the newest change yet")
end
local nodes = 0
if obj.status.nodeIds ~= nil then
  nodes = #obj.status.nodeIds
end
local wanted = obj.spec.replicas or 0
if nodes == wanted then
  return health("Healthy", nodes .. " nodes")
end
return health("Progressing", nodes .. " of " .. wanted .. " nodes")
