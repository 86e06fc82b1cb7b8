-- End a job: 1 when the lease was ours, or the job has ended already; 0 when another holds it.
-- KEYS: jobs, leases. ARGV: group, id, fence.
local holder = redis.call('HGET', KEYS[2], ARGV[2])
if holder and holder ~= ARGV[3] then
  return 0
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[2])
return 1
