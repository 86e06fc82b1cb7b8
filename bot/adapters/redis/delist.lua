-- Take ids from a list by time, unless they were listed anew since.
-- KEYS: list. ARGV: seconds kept, then an id and its score, the next id and its score, and so on.
for i = 2, #ARGV, 2 do
  local id, score = ARGV[i], ARGV[i + 1]
  local there, others = false, {}
  for _, one in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], score, score)) do
    there = there or one == id
    if one ~= id then
      others[#others + 1] = one
    end
  end
  if there then
    redis.call('ZREMRANGEBYSCORE', KEYS[1], score, score)
    for _, one in ipairs(others) do
      redis.call('ZADD', KEYS[1], score, one)
    end
  end
end
return redis.call('EXPIRE', KEYS[1], ARGV[1])
