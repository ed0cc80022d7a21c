-- All that a session store does, each call as a whole. KEYS[1] begins every key, and has a hash tag,
-- so that in a cluster all of them are in one place. Times are milliseconds, ids hexadecimal.
--
--   P:s:ID            a session: data (JSON), fresh, seen
--   P:d:ID            the app's own values of a session, JSON by name
--   P:r:ID            a remembered login: data (JSON), token, ends
--   P:u:N:REALM:USER  a user's remembered logins, N the length of the realm: 'r' .. ID; of older
--                     versions their sessions too: 's' .. ID
--   P:us:N:REALM:USER a user's sessions by their last use
--   P:of:ID           the sessions that came of a remembered login
--   P:now:ID          what the session by this id was renewed as
--   P:seen:REALM, P:ends:REALM, P:forget:REALM    ids by time, for the sweep
local P, op = KEYS[1], ARGV[1]
local call = redis.call

local function key(kind, id)
  return P .. ':' .. kind .. ':' .. id
end

-- A realm has no end of its own.
local function user_key(kind, realm, user)
  return key(kind, #realm .. ':' .. realm .. ':' .. user)
end

local function of_user(kind, kept)
  return user_key(kind, kept.realm, kept.user_id)
end

-- A user's sessions. Those that an older version keeps among the logins move there first.
local function sessions_of(realm, user)
  local logins, sessions = user_key('u', realm, user), user_key('us', realm, user)
  for _, one in ipairs(call('SMEMBERS', logins)) do
    local id = string.sub(one, 2)
    local seen = string.sub(one, 1, 1) == 's' and call('HGET', key('s', id), 'seen')
    if seen then
      call('ZADD', sessions, seen, id)
      call('SREM', logins, one)
    end
  end
  return sessions
end

-- Whoever keeps copies reads again. Told when all is written: nothing here is rolled back.
local told = {}

local function tell(id)
  told[string.sub(id, 1, 2)] = true
end

local function add_session(json, fresh, seen)
  local session = cjson.decode(json)
  call('HSET', key('s', session.id), 'data', json, 'fresh', fresh, 'seen', seen)
  call('ZADD', of_user('us', session), seen, session.id)
  call('ZADD', key('seen', session.realm), seen, session.id)
  call('ZADD', key('ends', session.realm), session.expires_at, session.id)
  if session.remembered then
    call('SADD', key('of', session.remembered), session.id)
  end
  if session.renewed_from then
    call('SET', key('now', session.renewed_from), session.id)
  end
end

-- Writes the names and values that begin at one of the arguments. They are read where they are, as
-- are all of which there may be many: a call takes 8,000 arguments at most.
local function write_data(id, first)
  for i = first, #ARGV, 2 do
    call('HSET', key('d', id), ARGV[i], ARGV[i + 1])
  end
end

-- Whether this very session is there: whoever got no answer asks again.
local function is_added(json)
  return call('HGET', key('s', cjson.decode(json).id), 'data') == json
end

-- The id by which a session is there.
local function present(id)
  for _, one in ipairs({ id, call('GET', key('now', id)) or nil }) do
    if call('EXISTS', key('s', one)) == 1 then
      return one
    end
  end
end

local function drop_session(id)
  local json = call('HGET', key('s', id), 'data')
  if not json then
    return 0
  end
  local session = cjson.decode(json)
  call('DEL', key('s', id), key('d', id))
  call('SREM', of_user('u', session), 's' .. id)
  call('ZREM', of_user('us', session), id)
  call('ZREM', key('seen', session.realm), id)
  call('ZREM', key('ends', session.realm), id)
  if session.remembered then
    call('SREM', key('of', session.remembered), id)
  end
  if session.renewed_from then
    call('DEL', key('now', session.renewed_from))
  end
  return 1
end

local function end_session(id)
  local renewed = call('GET', key('now', id))
  for _, one in ipairs({ id, renewed or nil }) do
    if drop_session(one) == 1 then
      tell(one)
      return 1
    end
  end
  return 0
end

local function add_login(json, token, ends)
  local login = cjson.decode(json)
  call('HSET', key('r', login.id), 'data', json, 'token', token, 'ends', ends)
  call('SADD', of_user('u', login), 'r' .. login.id)
  call('ZADD', key('forget', login.realm), ends, login.id)
end

local function drop_login(id)
  local json = call('HGET', key('r', id), 'data')
  if not json then
    return 0
  end
  local login = cjson.decode(json)
  call('DEL', key('r', id))
  call('SREM', of_user('u', login), 'r' .. id)
  call('ZREM', key('forget', login.realm), id)
  return 1
end

-- With the sessions that came of it.
local function end_login(id)
  local had_login = drop_login(id)
  for _, session in ipairs(call('SMEMBERS', key('of', id))) do
    end_session(session)
  end
  return had_login
end

-- Ends the sessions of the same remembered login that a token of the same kind began.
local function end_like(json, login)
  local is_from_replaced = cjson.decode(json).is_from_replaced_token
  for _, id in ipairs(call('SMEMBERS', key('of', login))) do
    local other = call('HGET', key('s', id), 'data')
    if not other or cjson.decode(other).is_from_replaced_token == is_from_replaced then
      end_session(id)
    end
  end
end

local function login_of(id)
  local json = call('HGET', key('s', id), 'data')
  if not json then
    local renewed = call('GET', key('now', id))
    json = renewed and call('HGET', key('s', renewed), 'data')
  end
  return json and cjson.decode(json).remembered
end

local ops = {}

-- session, fresh, seen; login, token, ends or ''; the replaced session and login or ''; names and
-- values
function ops.create(json, fresh, seen, login, token, ends, session_id, login_id)
  local id = cjson.decode(json).id
  if call('EXISTS', key('s', id)) == 1 then
    return is_added(json) and 1 or 0
  end
  local came_of = session_id ~= '' and login_of(session_id)
  if came_of then
    end_login(came_of)
  end
  if login_id ~= '' then
    end_login(login_id)
  end
  if session_id ~= '' then
    end_session(session_id)
  end
  if login ~= '' then
    add_login(login, token, ends)
  end
  add_session(json, fresh, seen)
  write_data(id, 10)
  return 1
end

-- when; ids
function ops.touch(seen)
  local touched = 0
  for i = 3, #ARGV do
    local id = ARGV[i]
    local json = call('HGET', key('s', id), 'data')
    if json then
      call('HSET', key('s', id), 'seen', seen)
      local session = cjson.decode(json)
      call('ZADD', key('seen', session.realm), seen, id)
      call('ZADD', of_user('us', session), seen, id)
      touched = touched + 1
    end
  end
  return touched
end

function ops.mark_stale(id)
  if call('EXISTS', key('s', id)) == 0 then
    return 0
  end
  call('HSET', key('s', id), 'fresh', '0')
  tell(id)
  return 1
end

function ops.renew(json, fresh, seen, old)
  if call('EXISTS', key('s', old)) == 0 then
    return 0
  end
  if call('EXISTS', key('d', old)) == 1 then
    call('RENAME', key('d', old), key('d', cjson.decode(json).id))
  end
  drop_session(old)
  tell(old)
  add_session(json, fresh, seen)
  return 1
end

-- session, fresh, seen; login, token, ends; the token it had; names and values
function ops.resume(json, fresh, seen, login, token, ends, known)
  if call('HGET', key('r', cjson.decode(login).id), 'token') ~= known then
    return is_added(json) and 1 or 0
  end
  add_login(login, token, ends)
  end_like(json, cjson.decode(login).id)
  add_session(json, fresh, seen)
  write_data(cjson.decode(json).id, 9)
  return 1
end

function ops.extend(id, ends)
  local json = call('HGET', key('r', id), 'data')
  if not json then
    return 0
  end
  call('HSET', key('r', id), 'ends', ends)
  call('ZADD', key('forget', cjson.decode(json).realm), ends, id)
  return 1
end

function ops.revoke(id)
  local came_of = login_of(id)
  local had_session = end_session(id)
  local had_login = came_of and end_login(came_of) or 0
  return math.max(had_session, had_login)
end

ops.revoke_remembered = end_login

function ops.login_of(id)
  return login_of(id) or ''
end

-- Writes and leaves nothing: fails where a log-in would, on a replica and where memory is full.
function ops.check_writes()
  call('SET', P .. ':writes', '')
  call('DEL', P .. ':writes')
  return 1
end

function ops.ping(nonce)
  call('PUBLISH', P .. ':changes', nonce)
  return 1
end

function ops.revoke_user(realm, user, keep)
  -- Renewed meanwhile it is another one.
  local keep = keep ~= '' and present(keep)
  local kept_login = keep and login_of(keep)
  local ended = 0
  for _, id in ipairs(call('ZRANGE', sessions_of(realm, user), 0, -1)) do
    if id ~= keep and drop_session(id) == 1 then
      tell(id)
      ended = ended + 1
    end
  end
  for _, one in ipairs(call('SMEMBERS', user_key('u', realm, user))) do
    local id = string.sub(one, 2)
    if id ~= kept_login then
      drop_login(id)
    end
  end
  return ended
end

local function fields_of(id)
  return call('HMGET', key('s', id), 'data', 'fresh', 'seen')
end

-- the most of them; when the one before was last used and its id, or ''
function ops.list_user(realm, user, limit, seen, id)
  local sessions, found = sessions_of(realm, user), {}
  local limit, from = tonumber(limit), '+inf'
  if seen ~= '' then
    from = '(' .. seen
    for _, one in ipairs(call('ZREVRANGEBYSCORE', sessions, seen, seen)) do
      if one < id and #found < limit then
        table.insert(found, fields_of(one))
      end
    end
  end
  local rest = limit - #found
  for _, one in ipairs(call('ZREVRANGEBYSCORE', sessions, from, '-inf', 'LIMIT', 0, rest)) do
    table.insert(found, fields_of(one))
  end
  return found
end

function ops.list_remembered(login)
  local found = {}
  for _, id in ipairs(call('SMEMBERS', key('of', login))) do
    table.insert(found, fields_of(id))
  end
  return found
end

function ops.load_by_public_id(realm, user, public_id)
  for _, id in ipairs(call('ZRANGE', sessions_of(realm, user), 0, -1)) do
    local fields = fields_of(id)
    if fields[1] and cjson.decode(fields[1]).public_id == public_id then
      return { fields }
    end
  end
  return {}
end

function ops.load_data(id)
  local id = present(id)
  return id and call('HGETALL', key('d', id)) or {}
end

-- the most bytes; how many are removed; their names; names and values
function ops.change_data(id, max, removed)
  local id = present(id)
  if not id then
    return 'no session'
  end
  local after, before, values = 0, 0, {}
  local first = 5 + tonumber(removed)
  local kept = call('HGETALL', key('d', id))
  for i = 1, #kept, 2 do
    values[kept[i]] = kept[i + 1]
    before = before + #kept[i] + #kept[i + 1]
  end
  for i = 5, first - 1 do
    values[ARGV[i]] = nil
  end
  for i = first, #ARGV, 2 do
    values[ARGV[i]] = ARGV[i + 1]
  end
  for name, value in pairs(values) do
    after = after + #name + #value
  end
  if after > tonumber(max) and after >= before then
    return 'too much'
  end
  for i = 5, first - 1 do
    call('HDEL', key('d', id), ARGV[i])
  end
  write_data(id, first)
  return 'written'
end

-- What is over is refused wherever it may be kept: nobody is told.
function ops.sweep(realm, idle, now, some)
  local swept = 0
  for _, kind in ipairs({ { 'seen', idle, drop_session }, { 'ends', now, drop_session }, { 'forget', now, drop_login } }) do
    local ids = key(kind[1], realm)
    for _, id in ipairs(call('ZRANGEBYSCORE', ids, '-inf', kind[2], 'LIMIT', 0, some)) do
      swept = swept + kind[3](id)
      call('ZREM', ids, id)
    end
  end
  return swept
end

local answer = ops[op](unpack(ARGV, 2, 9))
for byte in pairs(told) do
  call('PUBLISH', P .. ':changes', byte)
end
return answer
