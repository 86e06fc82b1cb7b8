-- Let a job be delivered again: 1 when the lease was ours, else 0.
-- KEYS: as in line_up.lua, then leases. ARGV: group, id, fence, ms for which its lease counts as running already,
-- deliveries so far, who holds it from now on (0 for nobody, anything else where it stays an orphan), and its conversation
-- if that need not wait for it.
local leases, id = KEYS[5], ARGV[2]
if redis.call('HGET', leases, id) ~= ARGV[3] then
  return 0
end
redis.call('HSET', leases, id, ARGV[6])
leave(id, ARGV[7])
return #redis.call('XCLAIM', jobs, ARGV[1], 'worker', 0, id, 'IDLE', ARGV[4], 'RETRYCOUNT', ARGV[5], 'JUSTID')
