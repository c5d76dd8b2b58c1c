import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../difference.ts'
import { together } from '../together.ts'
import { type HttpClient, httpClient, type RawAnswer } from './http-client.ts'
import { eventLines, jsonOf, maskedAnswer } from './masked-answer.ts'
import { filledBody, filledPath } from './placeholders.ts'
import { family, type RecordedLine, type ServerAnswer } from './recorded-line.ts'
import { type ReplayedServer, replayedServer } from './replayed-server.ts'

/** A recorded request, and our answer. */
export interface ReplayedLine {
  readonly line: RecordedLine
  readonly here: ServerAnswer
}

/**
 * Sends the requests of a file to a new server. Sequences of generated requests are independent and run together, others one after the other.
 *
 * @param setup the folder with users and keys.
 * @returns sequences that share their objects: those of a file that is no generated one are one.
 */
export async function replayLines(
  lines: readonly RecordedLine[],
  setup: string,
): Promise<readonly (readonly ReplayedLine[])[]> {
  const [first] = lines
  if (first === undefined) return []
  const server = await replayedServer(setup)
  const client = httpClient(server.port)
  try {
    const player = { server, client, tokens: tokensIn(setup), answers: new Map<string, unknown>() }
    await createNamespaces(player, setup, family(first))
    const isGenerated = family(first) === 'gen'
    return await together(isGenerated ? sequencesOf(lines) : [lines], (each) => play(player, each))
  } finally {
    client.close()
    await server.close()
  }
}

function sequencesOf(lines: readonly RecordedLine[]): readonly (readonly RecordedLine[])[] {
  const sequences = new Map<string, RecordedLine[]>()
  for (const line of lines) {
    const sequence = sequences.get(line.sequence) ?? []
    sequences.set(line.sequence, sequence)
    sequence.push(line)
  }
  return [...sequences.values()]
}

interface Player {
  readonly server: ReplayedServer
  readonly client: HttpClient
  /** By user. */
  readonly tokens: ReadonlyMap<string, string>
  /** The JSON of earlier answers, by the id of the line. */
  readonly answers: Map<string, unknown>
}

async function play(player: Player, lines: readonly RecordedLine[]): Promise<readonly ReplayedLine[]> {
  const replayed: ReplayedLine[] = []
  for (const line of lines) {
    const answer = await send(player, line)
    const json = jsonOf(answer)
    if (isObject(json) && isObject(json['metadata'])) player.answers.set(line.id, json)
    replayed.push({ line, here: maskedAnswer(answer, line) })
    if (line.thenWaitMs !== undefined) await player.server.quiet()
  }
  return replayed
}

function send({ client, tokens, answers }: Player, line: RecordedLine): Promise<RawAnswer> {
  const { as, method, path, headers = {}, body, watch, real } = line
  const earlier = (id: string): unknown => answers.get(id)
  const token = as === 'anonymous' ? undefined : as.startsWith('token:') ? as.slice(6) : tokens.get(as)
  const expected = real.events?.length ?? 0
  return client.send({
    method,
    path: filledPath(path, earlier),
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body:
      typeof body === 'string'
        ? Buffer.from(filledBody(body, earlier))
        : body && Buffer.from(body.base64, 'base64'),
    ...(watch !== undefined && {
      isEnough: (content) => expected === 0 || eventLines(content.toString('utf8')).length >= expected,
    }),
    ...(real.error !== undefined && { isEnough: () => true }),
  })
}

/** Users of a token file. Its names and tokens have no commas. */
function tokensIn(setup: string): ReadonlyMap<string, string> {
  const lines = readFileSync(join(setup, 'tokens.csv'), 'utf8').split('\n')
  return new Map(lines.map((line): [string, string] => [line.split(',')[1] ?? '', line.split(',')[0] ?? '']))
}

/** The namespaces that the requests of a family need, with their service accounts. */
async function createNamespaces(
  { client, tokens, server }: Player,
  setup: string,
  of: string,
): Promise<void> {
  const all = JSON.parse(readFileSync(join(setup, 'namespaces.json'), 'utf8')) as Record<string, string[]>
  for (const name of all[of] ?? []) {
    await client.send({
      method: 'POST',
      path: '/api/v1/namespaces',
      headers: { authorization: `Bearer ${tokens.get('admin')}`, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    })
  }
  await server.quiet()
}
