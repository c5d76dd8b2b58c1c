// The results of areas, kept beside their pages: a run over all areas takes hours, and goes on where it ended with `--resume`.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'

const folder = 'test/mutation/reports'

/** A digest of the files in folders, or of files: a result is of these only. */
export function digestOf(places) {
  const hash = createHash('sha256')
  for (const file of new Set(places.flatMap(filesIn)))
    hash.update(JSON.stringify([file, readFileSync(file, 'utf8')]))
  return hash.digest('hex')
}

function filesIn(place) {
  if (!statSync(place).isDirectory()) return [place]
  const names = readdirSync(place, { recursive: true }).toSorted((a, b) => (a < b ? -1 : 1))
  return names.filter((name) => name.endsWith('.ts')).map((name) => `${place}/${name}`)
}

export function keep(result) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(fileOf(result), JSON.stringify(result, null, 2))
}

/** The result of the same sample of the same files; `undefined` if there is none. */
export function kept(asked) {
  const file = fileOf(asked)
  if (!existsSync(file)) return undefined
  const result = JSON.parse(readFileSync(file, 'utf8'))
  return Object.entries(asked).every(([name, value]) => result[name] === value) ? result : undefined
}

function fileOf({ area }) {
  return `${folder}/${area.replaceAll('/', '-')}.json`
}
