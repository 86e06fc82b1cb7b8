-- Move a job to the dead letters: 1 when the lease was ours, or the job has ended already; 0 when another holds it.
-- KEYS: as in line_up.lua, then leases, dead. ARGV: group, id, fence, whose job it is, its conversation, reason,
-- deliveries, how many dead letters are kept, and for how many ms.
local leases, dead = KEYS[5], KEYS[6]
local group, id = ARGV[1], ARGV[2]
local holder = redis.call('HGET', leases, id)
if holder and holder ~= ARGV[3] then
  return 0
end
local entry = redis.call('XRANGE', jobs, id, id)[1]
if entry then
  redis.call('XADD', dead, 'MAXLEN', ARGV[8], '*',
    'id', id, 'reason', ARGV[6], 'deliveries', ARGV[7], 'age_ms', now() - since(entry), unpack(entry[2]))
  redis.call('PEXPIRE', dead, ARGV[9])
end
redis.call('XACK', jobs, group, id)
redis.call('XDEL', jobs, id)
redis.call('HDEL', leases, id)
leave(id, ARGV[5], ARGV[4])
return 1
