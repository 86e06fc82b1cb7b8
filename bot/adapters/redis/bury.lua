-- Move a job to the dead letters: 1 when the lease was ours, or the job has ended already; 0 when another holds it.
-- KEYS: jobs, leases, dead. ARGV: group, id, fence, reason, deliveries, how many dead letters are kept, and for how
-- many ms.
local jobs, leases, dead = KEYS[1], KEYS[2], KEYS[3]
local group, id = ARGV[1], ARGV[2]
local holder = redis.call('HGET', leases, id)
if holder and holder ~= ARGV[3] then
  return 0
end
local entry = redis.call('XRANGE', jobs, id, id)[1]
if entry then
  local time = redis.call('TIME')
  local age = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(string.match(id, '^%d+'))
  redis.call('XADD', dead, 'MAXLEN', ARGV[6], '*',
    'id', id, 'reason', ARGV[4], 'deliveries', ARGV[5], 'age_ms', age, unpack(entry[2]))
  redis.call('PEXPIRE', dead, ARGV[7])
end
redis.call('XACK', jobs, group, id)
redis.call('XDEL', jobs, id)
redis.call('HDEL', leases, id)
return 1
