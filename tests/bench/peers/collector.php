<?php
// collector: POST /data as a PHP page under PHP-FPM does it.
//
// The same job as rollcall-handler: the token, the record's shape, one CSV row a process and one JSON
// line a record in the two files of the caller's address and day, under flock, with a hash chain that
// continues the last line, gzip, and fsync on request. No resends, no healing after a crash.

const COLUMNS = ['received_at', 'client_ip', 'hostname', 'processor', 'os_name', 'os_ver', 'users', 'pid', 'ppid', 'user',
    'cpu', 'mem', 'rss', 'state', 'start', 'cmd'];
const PROCESS = ['pid', 'ppid', 'user', 'cpu', 'mem', 'rss', 'state', 'start', 'cmd'];
const BODY_MAX = 16 << 20;
const TAIL = 4096; // holds the server's member of the last line

function answer(int $status, array $data): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode(['status' => $status === 200 ? 'success' : 'fail', 'data' => $data]), "\n";
    exit;
}

function body(): string
{
    $text = file_get_contents('php://input');
    if (($_SERVER['HTTP_CONTENT_ENCODING'] ?? '') === 'gzip')
        $text = @gzdecode($text, BODY_MAX + 1);
    if ($text === false || strlen($text) > BODY_MAX)
        answer(400, ['reason' => 'the body cannot be read']);
    return $text;
}

function parse(string $text): object
{
    $record = json_decode($text, false, 64);
    if (!is_object($record))
        answer(400, ['reason' => 'the body is not a JSON object']);
    foreach (['hostname', 'processor', 'os_name', 'os_ver'] as $name)
        if (!is_string($record->$name ?? null))
            answer(422, ['reason' => "\"$name\" must be a string"]);
    foreach (['processes', 'users'] as $name)
        if (!is_array($record->$name ?? null))
            answer(422, ['reason' => "\"$name\" must be an array"]);
    foreach ($record->processes as $process)
        if (!is_int($process->pid ?? null))
            answer(422, ['reason' => '"pid" must be there, and a number']);
    return $record;
}

function rows(object $record, string $now, string $ip, bool $header): string
{
    $out = fopen('php://memory', 'w+');
    if ($header)
        fputcsv($out, COLUMNS, ',', '"', '');
    $users = implode(';', array_map(fn($user) => is_string($user) ? $user : $user->name, $record->users));
    $host = [$now, $ip, $record->hostname, $record->processor, $record->os_name, $record->os_ver, $users];
    foreach ($record->processes as $process) {
        $row = $host;
        foreach (PROCESS as $name)
            $row[] = $process->$name ?? '';
        fputcsv($out, $row, ',', '"', '');
    }
    rewind($out);
    return stream_get_contents($out);
}

/** [seq, chain] of the newest line. */
function last($lines): array
{
    $size = fstat($lines)['size'];
    if ($size === 0)
        return [0, str_repeat('0', 64)];
    fseek($lines, max(0, $size - TAIL));
    $tail = fread($lines, TAIL);
    $from = strrpos($tail, ',"rollcall":');
    $found = $from === false ? null : json_decode(substr($tail, $from + 12, -2));
    if (!is_object($found))
        answer(500, ['reason' => 'the last line is not complete']);
    return [$found->seq, $found->chain];
}

function store(string $text, object $record, string $ip): array
{
    [$fraction, $second] = explode(' ', microtime());
    $now = gmdate('Y-m-d\TH:i:s.', (int)$second) . substr($fraction, 2, 3) . 'Z';
    $day = substr($now, 0, 10);
    $folder = $_SERVER['BENCH_RECORDS'] . "/data/$day";
    if (!is_dir($folder))
        @mkdir($folder, 0750, true);
    $lines = fopen("$folder/{$ip}_$day.json", 'a+');
    if (!$lines || !flock($lines, LOCK_EX))
        answer(500, ['reason' => 'the file cannot be locked']);
    $table = fopen("$folder/{$ip}_$day.csv", 'a');
    [$seq, $prev] = last($lines);
    $got = ['received_at' => $now, 'client_ip' => $ip, 'process_count' => count($record->processes), 'seq' => $seq + 1,
        'prev' => $prev];
    $start = str_replace("\n", ' ', substr($text, 0, strrpos($text, '}')));
    $got['chain'] = hash('sha256', "$prev$start$now $ip $got[seq]");
    fwrite($table, rows($record, $now, $ip, fstat($table)['size'] === 0));
    fwrite($lines, "$start,\"rollcall\":" . json_encode($got) . "}\n");
    if (($_SERVER['BENCH_SYNC'] ?? '') !== '' && !(fdatasync($lines) && fdatasync($table)))
        answer(500, ['reason' => 'the files cannot be synced']);
    fclose($table);
    fclose($lines); // releases the lock
    return $got;
}

if (!hash_equals('Bearer ' . $_SERVER['BENCH_TOKEN'], $_SERVER['HTTP_AUTHORIZATION'] ?? ''))
    answer(401, ['reason' => 'Unauthorized Access']);
$text = body();
answer(200, store($text, parse($text), $_SERVER['HTTP_X_FORWARDED_FOR'] ?? $_SERVER['REMOTE_ADDR']));
