import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'

/** Where an example listens. */
export interface ListenOptions {
  /** 0 chooses a free port. */
  readonly port: number
  /** `localhost` by default. */
  readonly host?: string
  /** What chooses another port, for the message: an environment variable, or a flag. `PORT` by default. */
  readonly setting?: string
}

/** Listens, and returns the port. If the port cannot be used, ends the program with a line that says why. */
export async function listen(
  server: Server,
  { port, host = 'localhost', setting = 'PORT' }: ListenOptions,
): Promise<number> {
  await new Promise<void>((resolve) => {
    const refuse = (error: unknown): never => cannotListen(error, setting)
    server.once('error', refuse).listen(port, host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

/** Ends the program with a line that says why, if the port cannot be used. For a port at which another program is about to listen. */
export async function ensureFree(options: ListenOptions): Promise<void> {
  const server = createServer()
  await listen(server, options)
  server.close()
  await once(server, 'close')
}

/** Prints in one line why a server cannot listen, as `kube-authn serve` does, and ends the program. Programs that it started end with it. */
export function cannotListen(error: unknown, setting: string): never {
  const { code, port, message } = error as NodeJS.ErrnoException & { readonly port?: number }
  console.error(
    code === 'EADDRINUSE'
      ? `${setting}: another process listens on port ${port}; stop it, or choose another port`
      : `${setting}: cannot listen (${message})`,
  )
  process.exit(1)
}
