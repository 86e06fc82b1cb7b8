-- Keep one person's rating of an answer, in place of an earlier one.
-- KEYS: ratings of the answer, rated answers by time. ARGV: person, JSON, seconds kept, when, question id.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], 'GT', ARGV[4], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', redis.call('TIME')[1] - ARGV[3])
return redis.call('EXPIRE', KEYS[2], ARGV[3])
