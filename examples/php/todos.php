<?php
// A list of things to do for each account: PHP beside Latchkey. Each list is a file
// of the folder TODOS, in the place of a table with a column for the account's number.
//
// With LATCHKEY_KEY, the file of the key, it checks tokens by itself. Without, nginx
// checks them (latchkey-gate.conf), and nobody but nginx may reach PHP-FPM.

function answer(int $status, $body = null): never
{
	http_response_code($status);
	if ($status === 401)
		header('WWW-Authenticate: Bearer');
	if ($body !== null) {
		header('Content-Type: application/json');
		echo json_encode($body);
	}
	exit;
}

function decoded(string $part): string
{
	return (string)base64_decode(strtr($part, '-_', '+/'));
}

// The number of a token's account, or null.
function account_of_token(string $header, string $key): ?int
{
	if (!preg_match('/^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/iD', $header, $part))
		return null;
	$right = hash_hmac('sha256', "$part[1].$part[2]", $key, true);
	if (!hash_equals($right, decoded($part[3])))
		return null;
	$head = json_decode(decoded($part[1]), true);
	$claims = json_decode(decoded($part[2]), true);
	if (($head['alg'] ?? '') !== 'HS256' || ($claims['exp'] ?? 0) <= time())
		return null;
	return $claims['uid'] ?? null; // none: signed by the same key for something else
}

$file = getenv('LATCHKEY_KEY');
// The file's text is the key, not what it is in hexadecimal.
$account = $file
	? account_of_token($_SERVER['HTTP_AUTHORIZATION'] ?? '', rtrim(file_get_contents($file), "\r\n"))
	: (int)($_SERVER['HTTP_X_AUTH_USER_ID'] ?? 0);
if (!$account)
	answer(401, ['detail' => 'Could not validate credentials']);

$list = fopen(getenv('TODOS') . "/$account.json", 'c+');
flock($list, LOCK_EX);
$todos = json_decode(stream_get_contents($list), true) ?: [];

function keep($list, array $todos): void
{
	ftruncate($list, 0);
	rewind($list);
	fwrite($list, json_encode($todos));
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
switch ($_SERVER['REQUEST_METHOD']) {
case 'GET':
	answer(200, $todos);
case 'POST':
	$title = json_decode(file_get_contents('php://input'), true)['title'] ?? null;
	if (!is_string($title) || $title === '' || strlen($title) > 800)
		answer(422, ['detail' => 'title: a text of 1 to 800 bytes']);
	$todos[] = $new = ['id' => max([0, ...array_column($todos, 'id')]) + 1, 'title' => $title];
	keep($list, $todos);
	answer(201, $new);
case 'DELETE':
	$left = array_values(array_filter($todos, fn($todo) => "/todos/{$todo['id']}" !== $path));
	keep($list, $left);
	answer(count($left) < count($todos) ? 204 : 404);
default:
	answer(405);
}
