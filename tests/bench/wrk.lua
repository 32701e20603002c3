-- wrk.lua: POSTs one body again and again; says at the end what came of it, as one line of JSON.
-- Arguments after wrk's "--": BODY-FILE TOKEN THREADS ADDRESSES IDS HOW
--   ADDRESSES  over 1: each request has the next of so many in X-Forwarded-For
--   IDS        not empty: each record has an "id" of its own that starts so
--   HOW        "gzip": the file is packed. "close": a connection for each request. "gzip,close": both
local numbers = 0

function setup(thread)
  thread:set("number", numbers)
  numbers = numbers + 1
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.body = file:read("*a")
  file:close()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  local threads, addresses, ids, how = tonumber(args[3]), tonumber(args[4]), args[5] or "", args[6] or ""
  if how:find("gzip") then wrk.headers["Content-Encoding"] = "gzip" end
  if how:find("close") then wrk.headers["Connection"] = "close" end
  if ids ~= "" then
    request = with_ids(ids .. "-" .. number .. "-", wrk.body:sub(2))
  elseif addresses > 1 then
    request = with_addresses(threads, addresses)
  end
end

function with_ids(prefix, rest)
  local count = 0
  return function()
    count = count + 1
    return wrk.format(nil, nil, nil, '{"id":"' .. prefix .. count .. '",' .. rest)
  end
end

function with_addresses(threads, addresses)
  local requests, at = {}, 0
  for i = number, addresses - 1, threads do
    wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", i / 65536, i / 256 % 256, i % 256)
    requests[#requests + 1] = wrk.format()
  end
  return function()
    at = at % #requests + 1
    return requests[at]
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\n{"answered":%d,"seconds":%.6f,"bad":%d,"broken":%d,"p50_ms":%.4f,"p99_ms":%.4f}\n',
    summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
