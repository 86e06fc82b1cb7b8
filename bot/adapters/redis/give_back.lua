-- Let a job be delivered again: 1 when the lease was ours, else 0.
-- KEYS: jobs, leases. ARGV: group, id, fence, ms for which its lease counts as running already, deliveries so far, who
-- holds it from now on: 0 for nobody, anything else where it stays an orphan.
if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[3] then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[6])
return #redis.call('XCLAIM', KEYS[1], ARGV[1], 'worker', 0, ARGV[2], 'IDLE', ARGV[4], 'RETRYCOUNT', ARGV[5], 'JUSTID')
