import { expect, it, onTestFinished, vi } from 'vitest'
import type { Issuer } from './issuer.ts'
import { logInWithDeviceCode } from './get-token.ts'

/** An issuer whose answer names this address. */
function issuerWith(address: string): Issuer {
  const server = {
    issuer: 'https://issuer.example',
    device_authorization_endpoint: 'https://issuer.example/device',
  }
  const device = { device_code: 'd', user_code: 'CODE', verification_uri: address, expires_in: 5 }
  const steps = [() => device, () => Promise.reject(new Error('enough'))]
  return { server, scope: 'openid', step: async () => steps.shift()?.() } as unknown as Issuer
}

async function printed(address: string): Promise<{ readonly text: string; readonly error: string }> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => {
    write.mockRestore()
  })
  const error: unknown = await logInWithDeviceCode(process, issuerWith(address)).catch((thrown: unknown) =>
    thrown instanceof Error ? thrown.message : '',
  )
  return {
    text: write.mock.calls.map(([line]) => String(line)).join(''),
    error: typeof error === 'string' ? error : '',
  }
}

it.each(['https://issuer.example/device', 'http://localhost:8080/device'])(
  'prints the address %s',
  async (address) => {
    const { text, error } = await printed(address)
    expect(text).toBe(`Open ${address} in a browser, and enter the code CODE\n`)
    expect(error).toContain('enough')
  },
)

it.each([
  'javascript:alert(1)',
  'JAVASCRIPT:alert(1)',
  'file:///etc/passwd',
  'data:text/html,a',
  'issuer.example',
  '',
])('does not print the address %j, which is not of a page on the web', async (address) => {
  const { text, error } = await printed(address)
  expect(text).toBe('')
  expect(error).toContain('the verification_uri is not an http or https URL')
})
