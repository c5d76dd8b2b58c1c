// How long it takes Node to import each public entry, the first time in a process: node test/bench/import-time.mjs [PART OF A NAME] [ROUNDS]
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const [, , wanted = '', rounds = '15'] = process.argv
const packages = fileURLToPath(new URL('../../packages', import.meta.url))
const folders = readdirSync(packages).filter((folder) => existsSync(join(packages, folder, 'package.json')))
const entries = folders.flatMap((folder) => {
  const { name, exports } = JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8'))
  return Object.entries(exports)
    .filter(([, target]) => target.endsWith('.js'))
    .map(([subpath, target]) => ({
      name: posix.join(name, subpath),
      url: pathToFileURL(join(packages, folder, target)).href,
    }))
    .filter((entry) => entry.name.includes(wanted))
})

// Other packages on the same machine, for comparison.
entries.push(
  { name: 'hono', url: import.meta.resolve('hono') },
  { name: 'express', url: import.meta.resolve('express') },
  { name: 'jose', url: import.meta.resolve('jose') },
)

const times = new Map(entries.map(({ name }) => [name, []]))
// In turns, so that other load on the machine affects all of them.
for (let round = 0; round < Number(rounds); round++) {
  for (const { name, url } of entries) times.get(name).push(importTimes(url))
}

const width = Math.max(...entries.map(({ name }) => name.length))
console.log(
  `Node ${process.version}, ${rounds} processes each: CPU time and wall time in milliseconds, median (least to most)`,
)
for (const [name, all] of times) {
  console.log(name.padEnd(width), shown(all.map(({ cpu }) => cpu)), shown(all.map(({ wall }) => wall)))
}

function shown(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const [median, least, most] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((ms) =>
    ms.toFixed(1),
  )
  return `${median.padStart(7)} ${`(${least} to ${most})`.padEnd(16)}`
}

/** In a separate process, without its start. CPU time is used if something else runs on the core. */
function importTimes(url) {
  const script = `
    const [start, used] = [performance.now(), process.cpuUsage()]
    await import(${JSON.stringify(url)})
    const { user, system } = process.cpuUsage(used)
    console.log(JSON.stringify({ wall: performance.now() - start, cpu: (user + system) / 1000 }))`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
