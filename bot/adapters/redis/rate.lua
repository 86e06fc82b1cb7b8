-- Keep one person's rating of an answer, in place of an earlier one.
-- KEYS: ratings of the answer. ARGV: person, JSON, seconds kept.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
