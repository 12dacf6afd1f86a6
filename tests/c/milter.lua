-- What examples/milter.c answers: miltertest -D socket=SOCKET -D tagged=ADDRESS -s tests/c/milter.lua
local function check(holds, what)
	if not holds then
		error(what)
	end
end

local function connect(address)
	local connection = mt.connect(socket, 1200, 0.1)
	check(connection, "no milter")
	mt.macro(connection, SMFIC_CONNECT, "v", "Postfix 3.7.11")
	mt.conninfo(connection, "client.example.net", address)
	check(mt.getreply(connection) == SMFIR_CONTINUE, "connect")
	return connection
end

local function mail_from(connection, text, reading)
	mt.macro(connection, SMFIC_MAIL, "{mail_addr}", reading)
	mt.mailfrom(connection, text)
	check(mt.getreply(connection) == SMFIR_CONTINUE, "MAIL FROM:" .. text)
end

local function rcpt_to(connection, text, reading, expected)
	mt.macro(connection, SMFIC_RCPT, "i", "4XyZ", "{rcpt_addr}", reading)
	mt.rcptto(connection, text)
	check(mt.getreply(connection) == expected, "RCPT TO:" .. text)
end

local bare = "user@example.com"

-- Bounces: forged, in a spelling that only the server reads, and genuine.
local connection = connect("192.0.2.1")
mail_from(connection, "<>", "")
rcpt_to(connection, "<" .. bare .. ">", bare, SMFIR_REPLYCODE)
rcpt_to(connection, "<\"user\"@example.com.>", bare, SMFIR_REPLYCODE)
rcpt_to(connection, "<" .. tagged .. ">", tagged, SMFIR_CONTINUE)
mt.eom(connection)
check(mt.getreply(connection) == SMFIR_CONTINUE, "end of message")
check(mt.eom_check(connection, MT_RCPTDELETE, "<" .. tagged .. ">"), "the tagged recipient goes")
check(mt.eom_check(connection, MT_RCPTADD, "<" .. bare .. ">"), "the original comes")
mt.disconnect(connection)

-- Mail that leaves; what a stranger sends in our name is not signed.
for _, client in ipairs({ "198.51.100.7", "192.0.2.1" }) do
	connection = connect(client)
	mail_from(connection, "<" .. bare .. ">", bare)
	rcpt_to(connection, "<bob@example.org>", "bob@example.org", SMFIR_CONTINUE)
	mt.eom(connection)
	check(mt.getreply(connection) == SMFIR_CONTINUE, "end of message")
	mt.disconnect(connection)
end
