-- Begin a lease anew: 1 when it is still ours, else 0. KEYS: those of line_up.lua, then leases. ARGV: group, id, fence.
if redis.call('HGET', KEYS[5], ARGV[2]) ~= ARGV[3] then
  return 0
end
return #redis.call('XCLAIM', KEYS[1], ARGV[1], 'worker', 0, ARGV[2], 'JUSTID')
