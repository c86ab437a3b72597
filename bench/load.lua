-- wrk's requests, and its report at the end.
--
--	wrk ... -s load.lua URL -- get TOKEN
--	wrk ... -s load.lua URL -- tokens FILE		those in its lines in turn
--	wrk ... -s load.lua URL -- cookies FILE		those in its lines in turn, of a browser's sessions
--	wrk ... -s load.lua URL -- basic NAME PASSWORD
--	wrk ... -s load.lua URL -- login NAME PASSWORD
--	wrk ... -s load.lua URL -- page NAME PASSWORD	the form of the log-in page
--	wrk ... -s load.lua URL -- logins USERS PASSWORD	of user1, user2, ... at random
--	wrk ... -s load.lua URL -- refresh FILE [RATE]	a session for each thread, from its lines; so often a second
--	wrk ... -s load.lua URL -- introspect FILE CLIENT:SECRET	its lines in turn, asked by this client
--	wrk ... -s load.lua URL -- signup PREFIX		a new name each time
--
-- The last line of the output is "result" and key=value pairs: answers, those
-- of them that were errors, errors of the connection, seconds, and the latency's
-- percentiles in microseconds.

local made = 0
function setup(thread)
	thread:set("thread_number", made)
	made = made + 1
end

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(s)
	local out = {}
	for i = 1, #s, 3 do
		local a, b, c = s:byte(i, i + 2)
		local n = a * 65536 + (b or 0) * 256 + (c or 0)
		for j = 3, 0, -1 do
			local digit = math.floor(n / 64 ^ j) % 64
			out[#out + 1] = alphabet:sub(digit + 1, digit + 1)
		end
		if not c then out[#out] = "=" end
		if not b then out[#out - 1] = "=" end
	end
	return table.concat(out)
end

local function encode(s)
	return (s:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function form(name, password)
	return "username=" .. encode(name) .. "&password=" .. encode(password)
end

local kinds = {}

function kinds.get(token)
	wrk.headers["Authorization"] = token and "Bearer " .. token
end

function kinds.cookie(cookie)
	wrk.headers["Cookie"] = "__Host-latchkey=" .. cookie
end

-- Each thread begins somewhere else, or they would send the same at once.
local function in_turn(file, put)
	local requests, i = {}, thread_number * 100
	for line in io.lines(file) do
		put(line)
		requests[#requests + 1] = wrk.format()
	end
	request = function()
		i = i % #requests + 1
		return requests[i]
	end
end

function kinds.tokens(file)
	in_turn(file, kinds.get)
end

function kinds.introspect(file, credentials)
	wrk.method = "POST"
	wrk.headers["Authorization"] = "Basic " .. base64(credentials)
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
	in_turn(file, function(token) wrk.body = "token=" .. token end)
end

function kinds.cookies(file)
	in_turn(file, kinds.cookie)
end

function kinds.basic(name, password)
	wrk.headers["Authorization"] = "Basic " .. base64(name .. ":" .. password)
end

function kinds.login(name, password)
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
	wrk.body = form(name, password)
end

function kinds.page(name, password)
	kinds.login(name, password)
	wrk.headers["Sec-Fetch-Site"] = "same-origin"
end

function kinds.logins(users, password)
	kinds.login("user1", password)
	math.randomseed(os.time() + thread_number)
	request = function()
		local name = "user" .. math.random(1, tonumber(users))
		return wrk.format(nil, nil, nil, form(name, password))
	end
end

-- Each thread renews one session, by the token that it was given last; it has one connection.
function kinds.refresh(file, rate)
	local token, i = nil, 0
	if tonumber(rate or 0) > 0 then
		math.randomseed(os.time() + thread_number)
		delay = function() return math.random(0, math.floor(2000 / rate)) end
	end
	for line in io.lines(file) do
		token = i == thread_number and line or token
		i = i + 1
	end
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
	request = function()
		return wrk.format(nil, nil, nil, "grant_type=refresh_token&refresh_token=" .. token)
	end
	response = function(_, _, body)
		token = body:match('"refresh_token":"([^"]*)"') or token
	end
end

function kinds.signup(prefix)
	local count, start = 0, os.time() -- of each run another
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/json"
	request = function()
		count = count + 1
		return wrk.format(nil, nil, nil, ('{"username":"%s-%d-%d-%d","password":"correct horse"}')
			:format(prefix, start, thread_number, count))
	end
end

function init(args)
	thread_number = tonumber(wrk.thread:get("thread_number"))
	kinds[args[1]](args[2], args[3])
	-- made once, where all requests are the same
	local same = not request and wrk.format()
	if same then
		request = function() return same end
	end
end

function done(summary, latency)
	local e = summary.errors
	io.write(("result answers=%d refused=%d broken=%d seconds=%f p50=%d p99=%d p999=%d max=%d\n"):format(
		summary.requests, e.status, e.connect + e.read + e.write + e.timeout,
		summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
		latency:percentile(99.9), latency.max))
end
