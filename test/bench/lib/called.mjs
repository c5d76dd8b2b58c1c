// The functions of ours that an operation calls, found by V8's precise coverage.
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { SourceMap } from 'node:module'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url))

/** Writes the functions, each once as `FILE:LINE NAME`, and their files to standard output: one object in JSON. */
export async function writeCalledDuring(operation) {
  const session = new Session()
  session.connect()
  const post = (method, parameters) =>
    new Promise((resolve, reject) => {
      session.post(method, parameters, (error, result) => (error === null ? resolve(result) : reject(error)))
    })
  await post('Profiler.enable')
  await post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await operation()
  const { result } = await post('Profiler.takePreciseCoverage')
  session.disconnect()
  const functions = [...new Set(result.flatMap(calledIn))]
  const files = [...new Set(functions.map((each) => each.slice(0, each.indexOf(':'))))]
  process.stdout.write(`${JSON.stringify({ files, functions })}\n`)
}

function calledIn({ url, functions: covered }) {
  if (!url.startsWith('file:')) return []
  const file = fileURLToPath(url)
  if (!file.startsWith(packages) || !file.includes(`${sep}dist${sep}`)) return []
  const text = readFileSync(file, 'utf8')
  const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
  return (
    covered
      .filter(({ ranges: [{ count, startOffset }] }) => count > 0 && startOffset > 0)
      // V8 counts the fields of a class as a function besides its constructor.
      .filter(({ functionName }) => functionName !== '<instance_members_initializer>')
      .map(({ functionName, ranges: [{ startOffset }] }) => {
        const before = text.slice(0, startOffset).split('\n')
        const { originalSource, originalLine } = map.findEntry(before.length - 1, before.at(-1).length)
        const source = fileURLToPath(new URL(originalSource, url)).slice(packages.length)
        return `${source}:${originalLine + 1} ${functionName}`
      })
  )
}
