-- End a job: 1 when the lease was ours, or the job has ended already; 0 when another holds it.
-- KEYS: as in line_up.lua, then leases. ARGV: group, id, fence, whose job it is, its conversation.
local leases = KEYS[5]
local holder = redis.call('HGET', leases, ARGV[2])
if holder and holder ~= ARGV[3] then
  return 0
end
redis.call('XACK', jobs, ARGV[1], ARGV[2])
redis.call('XDEL', jobs, ARGV[2])
redis.call('HDEL', leases, ARGV[2])
leave(ARGV[2], ARGV[5], ARGV[4])
return 1
