-- Which key may pass where, and what the services see of it.
--
-- Services know JSON web tokens only.  A key of the new form (`sb_publishable_`, `sb_secret_`) is
-- an opaque string, and here it becomes the token of its role.  Keys come from the environment, so
-- no file holds one; routes say in their metadata what they ask for.

local function variable(name)
  local value = os.getenv(name)
  if value == "" then return nil end
  return value
end

local roles = {}   -- key -> role
local tokens = {}  -- key of the new form -> token

local function learn(key, role)
  if key then roles[key] = role end
end

learn(variable("ANON_KEY"), "anon")
learn(variable("SERVICE_ROLE_KEY"), "service_role")
do
  local publishable, anon = variable("SUPABASE_PUBLISHABLE_KEY"), variable("ANON_KEY_ASYMMETRIC")
  local secret, service = variable("SUPABASE_SECRET_KEY"), variable("SERVICE_ROLE_KEY_ASYMMETRIC")
  if publishable and anon and secret and service then
    learn(publishable, "anon")
    learn(secret, "service_role")
    tokens[publishable] = anon
    tokens[secret] = service
  end
end
local translates = next(tokens) ~= nil

local function starts(text, start)
  return text ~= nil and text:sub(1, #start) == start
end

local function from_query(path)
  local query = path:match("%?(.*)$")
  return query and ("&" .. query):match("&apikey=([^&#]+)")
end

local function in_query(path, key, token)
  local before, after = path:match("^(.*[?&]apikey=)[^&#]+(.*)$")
  return before .. token .. after
end

local function refuse(handle, status, message)
  handle:respond({[":status"] = status, ["content-type"] = "text/plain"}, message)
end

-- A function gets the token in a header of its own: what it finds in Authorization is its user's.
local function functions(handle, headers)
  headers:remove("sb-api-key")
  if not translates then return end
  local key, bearer = headers:get("apikey"), headers:get("authorization")
  local sent = starts(bearer, "Bearer sb_") and bearer:sub(8) or nil
  if key and sent and key ~= sent then
    return refuse(handle, "401", "Conflicting API keys")
  end
  key = key or sent
  if not starts(key, "sb_") then return end
  if not tokens[key] then
    return refuse(handle, "401", "Invalid API key")
  end
  headers:replace("sb-api-key", tokens[key])
end

local function http(handle, headers, access, kind)
  local path = headers:get(":path")
  local queried = from_query(path)
  local key = headers:get("apikey")
  if not key and queried then
    key = queried
    headers:replace("apikey", key)
  end
  if access ~= "open" then
    local role = key and roles[key]
    if not role then return refuse(handle, "401", "Unauthorized") end
    if access == "admin" and role ~= "service_role" then
      return refuse(handle, "403", "Forbidden")
    end
  end
  if queried and tokens[queried] then
    headers:replace(":path", in_query(path, queried, tokens[queried]))
  end
  if key and tokens[key] then
    key = tokens[key]
    headers:replace("apikey", key)
  end
  if kind == "websocket" then
    headers:replace("x-api-key", key)
    return
  end
  local bearer = headers:get("authorization")
  local is_token = starts(bearer, "Bearer ") and not starts(bearer, "Bearer sb_")
  if key and not is_token then
    headers:replace("authorization", "Bearer " .. key)
  end
end

function envoy_on_request(handle)
  local route = handle:metadata()
  local access = route:get("access")
  if not access then return end  -- the dashboard asks for a password instead
  local kind = route:get("kind")
  if kind == "functions" then
    functions(handle, handle:headers())
  else
    http(handle, handle:headers(), access, kind)
  end
end
