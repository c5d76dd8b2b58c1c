import { once } from 'node:events'
import { createServer } from 'node:https'
import {
  optionProblems,
  type OptionsShape,
  refuseProblems,
  wholeNumber,
  withMethods,
} from '@kube-authn/core/options'
import type { CertificateAuthority } from '../pki/certificate-authority.ts'
import { createPki } from '../pki/pki.ts'
import type { FakeService } from '../service/fake-service.ts'
import { nodeListener } from './node-listener.ts'

/** Options of {@link listen}. */
export interface ListenOptions {
  /** Who issues the certificate of the server. Default: a new authority. */
  readonly pki?: Pick<CertificateAuthority, 'caPem' | 'issueServer'>
  /** Default: one that is free. */
  readonly port?: number
}

const shape: OptionsShape<ListenOptions> = {
  pki: withMethods('a certificate authority, as createPki() makes', 'issueServer'),
  port: wholeNumber(0),
}

const aService = withMethods('a service, as createIssuer() makes', 'handle', 'moveTo')

/** A service that can be reached over TLS. */
export interface ListeningService {
  /** Where it is now, as the service itself says. */
  readonly url: string
  /** The certificate of the authority that clients have to trust. */
  readonly caPem: string
  /** Ends every connection, and takes no more. */
  close(): Promise<void>
}

/**
 * Serves an issuer or a webhook over TLS on 127.0.0.1, and moves it there: from now on its `url` says so, and so do the tokens that it
 * signs. A connection that the service rejects is lost.
 *
 * @example
 * const issuer = await createIssuer()
 * const { url, caPem, close } = await listen(issuer)
 */
export async function listen(
  service: Pick<FakeService, 'url' | 'handle' | 'moveTo'>,
  options: ListenOptions = {},
): Promise<ListeningService> {
  refuseProblems(aService(service, 'service'), optionProblems(shape, options))
  const pki = options.pki ?? (await createPki())
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1', 'localhost'] })
  const server = createServer({ cert: chainPem, key: privateKeyPem }, nodeListener(service.handle))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  service.moveTo(`https://127.0.0.1:${address.port}`)

  return {
    url: service.url,
    caPem: pki.caPem,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
