-- The throttle's counters. Each call is atomic. KEYS[1] begins every key, and has a hash tag, so a
-- cluster keeps them in one place. Times are milliseconds.
--
--   P:throttle:NAME       a counter: tries, open_at, forgotten_at
--   P:throttle-names      all names, in their order
--   P:throttle-ends       all names, by forgotten_at
--
-- What a counter computes is in `credentials/throttle/limit.rs`; the conformance suite holds this
-- script to it.
local P, op, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local call = redis.call
local CLOSED = 253402300799000

local names, ends = P .. ':throttle-names', P .. ':throttle-ends'

local function key(name)
  return P .. ':throttle:' .. name
end

local function whole(number)
  return string.format('%.0f', number)
end

-- The counter, or nil if there is none, or it is forgotten.
local function read(name)
  local found = call('HMGET', key(name), 'tries', 'open_at', 'forgotten_at')
  if not found[1] or tonumber(found[3]) <= now then
    return nil
  end
  return {
    tries = tonumber(found[1]),
    open_at = tonumber(found[2]),
    forgotten_at = tonumber(found[3]),
  }
end

local function write(name, counter)
  call('HSET', key(name), 'tries', whole(counter.tries), 'open_at', whole(counter.open_at),
    'forgotten_at', whole(counter.forgotten_at))
  call('ZADD', names, 0, name)
  call('ZADD', ends, counter.forgotten_at, name)
end

local function remove(name)
  call('ZREM', names, name)
  call('ZREM', ends, name)
  return call('DEL', key(name))
end

-- The limit that begins at this argument: a name, a kind and five numbers.
local function limit_at(first)
  local limit = { name = ARGV[first], kind = ARGV[first + 1] }
  for i = 1, 5 do
    limit[i] = tonumber(ARGV[first + 1 + i])
  end
  return limit
end
local FIELDS = 7

-- When a streak is open again after this many tries.
local function streak_opens(limit, tries)
  local free, first, longest, closed_after = limit[1], limit[2], limit[3], limit[4]
  if closed_after > 0 and tries >= closed_after then
    return CLOSED
  end
  if tries < free then
    return now
  end
  return now + math.min(longest, first * 2 ^ math.min(tries - free, 31))
end

local function counted(limit, counter)
  counter = counter or { tries = 0, open_at = 0, forgotten_at = 0 }
  local tries = counter.tries + 1
  if limit.kind == 'streak' then
    local forgotten_at = CLOSED
    if limit[5] > 0 then
      forgotten_at = now + limit[5]
    end
    return { tries = tries, open_at = streak_opens(limit, tries), forgotten_at = forgotten_at }
  end
  local window, each = (limit[1] - 1) * limit[2], limit[2]
  local open_at = math.max(counter.open_at, now - window) + each
  return { tries = tries, open_at = open_at, forgotten_at = open_at + window }
end

local function taken_back_of(limit, counter)
  local tries = math.max(counter.tries - 1, 0)
  if limit.kind == 'streak' then
    local open_at = math.min(counter.open_at, streak_opens(limit, tries))
    return { tries = tries, open_at = open_at, forgotten_at = counter.forgotten_at }
  end
  local open_at = counter.open_at - limit[2]
  return { tries = tries, open_at = open_at, forgotten_at = open_at + (limit[1] - 1) * limit[2] }
end

-- What passed, as the index of the known counter or -1, and the tallies; or the counter that opens
-- last.
local function count()
  local known, others = tonumber(ARGV[3]), tonumber(ARGV[4])
  local function limit(index)
    return limit_at(5 + (index - 1) * FIELDS)
  end
  for index = 1, known do
    local known_limit = limit(index)
    local counter = read(known_limit.name)
    if counter and counter.open_at ~= CLOSED then
      if counter.open_at > now then
        return { 'closed', known_limit.name, whole(counter.tries), whole(counter.open_at),
          whole(counter.forgotten_at) }
      end
      counter = counted(known_limit, counter)
      write(known_limit.name, counter)
      return { 'passed', whole(index - 1), whole(counter.tries), whole(counter.open_at),
        whole(counter.forgotten_at) }
    end
  end
  local found, last, last_name = {}, nil, nil
  for index = 1, others do
    local other = limit(known + index)
    local counter = read(other.name)
    found[index] = counter
    if counter and counter.open_at > now and (not last or counter.open_at > last.open_at) then
      last, last_name = counter, other.name
    end
  end
  if last then
    return { 'closed', last_name, whole(last.tries), whole(last.open_at),
      whole(last.forgotten_at) }
  end
  local answer = { 'passed', '-1' }
  for index = 1, others do
    local other = limit(known + index)
    local counter = counted(other, found[index])
    write(other.name, counter)
    table.insert(answer, whole(counter.tries))
    table.insert(answer, whole(counter.open_at))
    table.insert(answer, whole(counter.forgotten_at))
  end
  return answer
end

if op == 'count' then
  return count()
elseif op == 'settle' then
  -- How many there are of each, then these.
  local taken_back, cleared, known = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  local at = 6
  for _ = 1, taken_back do
    local limit = limit_at(at)
    local counter = read(limit.name)
    if counter then
      write(limit.name, taken_back_of(limit, counter))
    end
    at = at + FIELDS
  end
  for _ = 1, cleared do
    remove(ARGV[at])
    at = at + 1
  end
  for _ = 1, known do
    write(ARGV[at], { tries = 0, open_at = 0, forgotten_at = tonumber(ARGV[at + 1]) })
    at = at + 2
  end
  return {}
elseif op == 'clear' then
  local cleared = 0
  for i = 3, #ARGV do
    cleared = cleared + remove(ARGV[i])
  end
  return { whole(cleared) }
elseif op == 'list' then
  local prefix, after, limit = ARGV[3], ARGV[4], ARGV[5]
  local from = '[' .. prefix
  if after ~= '' then
    from = '(' .. after
  end
  local found = call('ZRANGEBYLEX', names, from, '[' .. prefix .. '\255', 'LIMIT', 0, limit)
  local answer = {}
  for _, name in ipairs(found) do
    local counter = call('HMGET', key(name), 'tries', 'open_at', 'forgotten_at')
    if counter[1] then
      table.insert(answer, name)
      table.insert(answer, counter[1])
      table.insert(answer, counter[2])
      table.insert(answer, counter[3])
    end
  end
  return answer
elseif op == 'sweep' then
  local found = call('ZRANGEBYSCORE', ends, '-inf', whole(now), 'LIMIT', 0, 500)
  for _, name in ipairs(found) do
    remove(name)
  end
  return { whole(#found) }
end
return redis.error_reply('no such operation: ' .. op)
