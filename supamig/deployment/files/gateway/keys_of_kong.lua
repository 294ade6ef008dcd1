local tokens = ${TOKENS}
local kind = "${KIND}"
local request, upstream = kong.request, kong.service.request
local function starts(text, start)
  return text ~= nil and text:sub(1, #start) == start
end
local key, bearer = request.get_header("apikey"), request.get_header("authorization")
if kind == "functions" then
  upstream.clear_header("sb-api-key")
  local sent = starts(bearer, "Bearer sb_") and bearer:sub(8) or nil
  if next(tokens) == nil then return end
  if key and sent and key ~= sent then
    return kong.response.exit(401, "Conflicting API keys")
  end
  key = key or sent
  if not starts(key, "sb_") then return end
  if not tokens[key] then
    return kong.response.exit(401, "Invalid API key")
  end
  upstream.set_header("sb-api-key", tokens[key])
  return
end
local queried = request.get_query_arg("apikey")
if type(queried) == "string" and tokens[queried] then
  local query = request.get_query()
  query.apikey = tokens[queried]
  upstream.set_query(query)
end
if not key and type(queried) == "string" then key = queried end
if not key then return end
key = tokens[key] or key
upstream.set_header("apikey", key)
if kind == "websocket" then
  upstream.set_header("x-api-key", key)
elseif not starts(bearer, "Bearer ") or starts(bearer, "Bearer sb_") then
  upstream.set_header("Authorization", "Bearer " .. key)
end
