import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { trafficCommand } from './traffic-command.ts'

it('has no settings if there are none', () => {
  expect(trafficCommand({ PATH: '/bin', REPLICA_PORTS: '1,2' })).toBe(
    'node examples/replicas/dist/traffic.js --faults',
  )
})

it.each(['/tmp/x', '/tmp/a b', "it's", '$HOME', '`id`', ''])(
  'passes on the settings as they are: %j',
  (folder) => {
    const env = { MATERIAL: folder, PORT: '7443', APP_PORT: '9443' }
    const command = trafficCommand(env).replace('node examples/replicas/dist/traffic.js --faults', 'env')
    const printed = execFileSync('sh', ['-c', command], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    })
    for (const [name, value] of Object.entries(env)) expect(printed.split('\n')).toContain(`${name}=${value}`)
  },
)
