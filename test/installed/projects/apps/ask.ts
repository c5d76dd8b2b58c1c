import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Sends requests like a client, and prints the results. */
export async function ask(name: string, server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const answers: unknown[] = []
  for (const authorization of ['Bearer tok', `Basic ${btoa('joe:pw')}`, 'Bearer wrong', undefined]) {
    const response = await fetch(url, { headers: authorization === undefined ? {} : { authorization } })
    const body = (await response.json()) as [string] | { reason: string }
    answers.push(response.status, Array.isArray(body) ? body : body.reason)
  }
  console.log(JSON.stringify({ name, answers }))
  server.close()
  server.closeAllConnections()
}
