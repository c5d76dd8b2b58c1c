// An issuer that listens with TLS. Posts its URL, and the certificate of its CA.
import { parentPort } from 'node:worker_threads'
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'

const pki = await createPki()
const issuer = await createIssuer()
await listen(issuer, { pki })
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
parentPort.postMessage({ url: issuer.url, caPem: pki.caPem })
