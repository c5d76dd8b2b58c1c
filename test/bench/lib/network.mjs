// Another network namespace for the client, with a cable between both, so that requests pass the whole network stack as from another machine.
import { spawnSync } from 'node:child_process'

const NAME = `kube-authn-${process.pid}`
const [SERVER, CLIENT] = ['10.213.77.1', '10.213.77.2']

function ip(...args) {
  return spawnSync('ip', args).status === 0
}

/**
 * Where servers listen, and what a command of the client begins with. Without `ip netns`, which needs root, it is the loopback.
 *
 * @returns {{ title: string, host: string, client: readonly string[] }}
 */
export function openNetwork() {
  const [ours, theirs] = [`ka${process.pid}a`, `ka${process.pid}b`]
  process.once('exit', () => ip('netns', 'del', NAME))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  const isOpen =
    ip('netns', 'add', NAME) &&
    ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', NAME) &&
    ip('addr', 'add', `${SERVER}/30`, 'dev', ours) &&
    ip('link', 'set', ours, 'up') &&
    ip('-n', NAME, 'addr', 'add', `${CLIENT}/30`, 'dev', theirs) &&
    ip('-n', NAME, 'link', 'set', theirs, 'up')
  return isOpen
    ? {
        title: 'the client in another network namespace',
        host: SERVER,
        client: ['ip', 'netns', 'exec', NAME],
      }
    : { title: 'the client over the loopback', host: '127.0.0.1', client: [] }
}
