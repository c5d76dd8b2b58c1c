import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LiveArea, LiveResult } from '../live-area.ts'
import type { RecordedLine } from './recorded-line.ts'
import { replayLines } from './replay-lines.ts'
import { explainSequence } from './explain-sequence.ts'
import { explainedAnswers } from './explained-answers.ts'

const FOLDER = 'server'

/** Requests to an API server, in sequences, with everything that it answers. */
export const serverArea: LiveArea = {
  name: 'live-server',
  explanations: explainedAnswers,
  async replay(recordings) {
    const files = recordings.files(FOLDER).filter((name) => name.endsWith('.ndjson'))
    if (files.length === 0) return undefined
    const results: LiveResult[] = []
    const setup = setupIn(recordings.folder)
    for (const file of files) {
      const lines = recordings.lines(`${FOLDER}/${file}`) as readonly RecordedLine[]
      for (const sequence of await replayLines(lines, setup))
        results.push(explainSequence(sequence, explainedAnswers))
    }
    return joined(results)
  },
}

function setupIn(folder: string): string {
  const given = join(folder, FOLDER, 'setup')
  return existsSync(given) ? given : fileURLToPath(new URL('../../../live/server/setup', import.meta.url))
}

function joined(results: readonly LiveResult[]): LiveResult {
  const explained = new Map<string, number>()
  for (const result of results)
    for (const [row, count] of result.explained) explained.set(row, (explained.get(row) ?? 0) + count)
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failures: results.flatMap(({ failures }) => failures),
    explained,
    used: new Set(results.flatMap(({ used }) => [...used])),
  }
}
