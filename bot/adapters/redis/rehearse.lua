-- Which of the commands that the bot uses this user may not run on our keys: their names. Nothing is done.
-- KEYS: a key of ours.
local key, refused = KEYS[1], {}
local commands = {
  {'DEL', key}, {'EVALSHA', '0', 1, key}, {'EXISTS', key}, {'EXPIRE', key, 1}, {'GET', key}, {'HDEL', key, 'f'},
  {'HGET', key, 'f'}, {'HGETALL', key}, {'HSET', key, 'f', 'v'}, {'HVALS', key}, {'INCR', key}, {'LRANGE', key, 0, 1},
  {'LREM', key, 1, 'v'}, {'LSET', key, 0, 'v'}, {'LTRIM', key, 0, 1}, {'PEXPIRE', key, 1}, {'RPUSH', key, 'v'},
  {'SET', key, 'v'}, {'TIME'}, {'XACK', key, 'g', '1-1'}, {'XADD', key, '*', 'f', 'v'}, {'XCLAIM', key, 'g', 'c', 0, '1-1'}, {'XDEL', key, '1-1'},
  {'XGROUP', 'CREATE', key, 'g', '0'}, {'XINFO', 'GROUPS', key}, {'XLEN', key}, {'XPENDING', key, 'g'},
  {'XRANGE', key, '-', '+'}, {'XREAD', 'STREAMS', key, '0'}, {'XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', key, '>'},
  {'XREVRANGE', key, '+', '-'}, {'XTRIM', key, 'MAXLEN', 1}, {'ZADD', key, 1, 'm'}, {'ZRANGEBYSCORE', key, 0, 1},
  {'ZREMRANGEBYSCORE', key, 0, 1}, {'ZREVRANGE', key, 0, 1}, {'ZREVRANGEBYSCORE', key, 1, 0},
}
if not redis.acl_check_cmd then
  return refused
end
for _, words in ipairs(commands) do
  if not redis.acl_check_cmd(unpack(words)) then
    refused[#refused + 1] = words[1]
  end
end
return refused
