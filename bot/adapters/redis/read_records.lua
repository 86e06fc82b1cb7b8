-- Several records as JSON, false for each that is gone. KEYS: records.
local found = {}
for i, key in ipairs(KEYS) do
  found[i] = redis.call('HGET', key, 'json')
end
return found
