// collector: POST /data as a Node service does it, with fastify and one process a core.
//
// The same job as rollcall-handler: the token, the record's shape, one CSV row a process and one JSON
// line a record in the two files of the caller's address and day, with a hash chain that continues the
// last line. Node has no flock: a lock file, made exclusively, serves. No resends, no healing.
//
// Environment: BENCH_PORT BENCH_RECORDS BENCH_TOKEN BENCH_WORKERS.
import cluster from 'node:cluster'
import crypto from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import zlib from 'node:zlib'
import { promisify } from 'node:util'
import fastify from 'fastify'

const BODY_MAX = 16 << 20
const TAIL = 4096 // holds the server's member of the last line
const TEXTS = ['hostname', 'processor', 'os_name', 'os_ver']
const PROCESS = ['pid', 'ppid', 'user', 'cpu', 'mem', 'rss', 'state', 'start', 'cmd']
const COLUMNS = ['received_at', 'client_ip', ...TEXTS, 'users', ...PROCESS]
const token = Buffer.from('Bearer ' + process.env.BENCH_TOKEN)
const gunzip = promisify(zlib.gunzip)

function refused(status, reason) {
  return Object.assign(new Error(reason), { statusCode: status })
}

function parse(text) {
  const record = JSON.parse(text)
  for (const name of TEXTS)
    if (typeof record[name] !== 'string')
      throw refused(422, `"${name}" must be a string`)
  for (const name of ['processes', 'users'])
    if (!Array.isArray(record[name]))
      throw refused(422, `"${name}" must be an array`)
  for (const one of record.processes)
    if (!Number.isInteger(one.pid))
      throw refused(422, '"pid" must be there, and a number')
  return record
}

const quoted = value => `"${String(value ?? '').replaceAll('"', '""')}"`

function rows(record, now, ip, header) {
  const users = record.users.map(user => user.name ?? user).join(';')
  const host = [now, ip, ...TEXTS.map(name => record[name]), users].map(quoted).join(',')
  const lines = record.processes.map(one => host + ',' + PROCESS.map(name => quoted(one[name])).join(','))
  return (header ? COLUMNS.map(quoted).join(',') + '\r\n' : '') + lines.map(line => line + '\r\n').join('')
}

async function last(file) {
  const { size } = await file.stat()
  if (size === 0)
    return { seq: 0, chain: '0'.repeat(64) }
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(0, size - TAIL))
  const tail = buffer.toString('utf8', 0, bytesRead)
  return JSON.parse(tail.slice(tail.lastIndexOf(',"rollcall":') + 12, -2))
}

async function locked(name, work) {
  for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
    const lock = await fs.open(name, 'wx').catch(error => {
      if (error.code !== 'EEXIST')
        throw error
    })
    if (lock) {
      await lock.close()
      break
    }
    await new Promise(done => setTimeout(done, pause))
  }
  try {
    return await work()
  } finally {
    await fs.unlink(name)
  }
}

async function append(name, text, record, now, ip) {
  const lines = await fs.open(name + '.json', 'a+')
  const table = await fs.open(name + '.csv', 'a')
  try {
    const { seq, chain: prev } = await last(lines)
    const got = { received_at: now, client_ip: ip, process_count: record.processes.length, seq: seq + 1, prev }
    const start = text.slice(0, text.lastIndexOf('}')).replaceAll('\n', ' ')
    got.chain = crypto.createHash('sha256').update(prev).update(start).update(`${now} ${ip} ${got.seq}`).digest('hex')
    await table.write(rows(record, now, ip, (await table.stat()).size === 0))
    await lines.write(`${start},"rollcall":${JSON.stringify(got)}}\n`)
    return got
  } finally {
    await table.close()
    await lines.close()
  }
}

async function store(text, record, ip) {
  const now = new Date().toISOString()
  const folder = path.join(process.env.BENCH_RECORDS, 'data', now.slice(0, 10))
  await fs.mkdir(folder, { recursive: true })
  const name = path.join(folder, `${ip}_${now.slice(0, 10)}`)
  return locked(name + '.lock', () => append(name, text, record, now, ip))
}

async function data(request) {
  const sent = Buffer.from(request.headers.authorization ?? '')
  if (sent.length !== token.length || !crypto.timingSafeEqual(sent, token))
    throw refused(401, 'Unauthorized Access')
  const packed = request.headers['content-encoding'] === 'gzip'
  const bytes = packed ? await gunzip(request.body, { maxOutputLength: BODY_MAX }) : request.body
  const text = bytes.toString('utf8')
  return { status: 'success', data: await store(text, parse(text), request.headers['x-forwarded-for'] ?? request.ip) }
}

if (cluster.isPrimary) {
  for (let i = 0; i < Number(process.env.BENCH_WORKERS); i++)
    cluster.fork()
  process.on('SIGTERM', () => process.exit(0))
} else {
  const app = fastify({ bodyLimit: BODY_MAX })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body))
  app.setErrorHandler((error, request, reply) =>
    reply.code(error.statusCode ?? 400).send({ status: 'fail', data: { reason: error.message } }))
  app.post('/data', data)
  await app.listen({ host: '127.0.0.1', port: Number(process.env.BENCH_PORT) })
}
