// Shows what /status.json says, every second.
const element = (id) => document.getElementById(id)

function fill(id, rows) {
  element(id).replaceChildren(
    ...rows.map((cells) => {
      const row = document.createElement('tr')
      for (const cell of cells) row.insertCell().textContent = String(cell)
      return row
    }),
  )
}

function show({ replicas, programs, lease, revocations }) {
  fill(
    'replicas',
    replicas.map(({ name, isReady, revision, leads }) => [
      name,
      isReady ? 'yes' : 'no',
      revision || '?',
      leads ? 'here' : '',
    ]),
  )
  fill(
    'programs',
    programs.map(({ name, pid, restarts }) => [name, pid ?? 'down', restarts]),
  )
  fill(
    'revocations',
    revocations.map(({ name, by, reason, ends }) => [name, by, reason, ends]),
  )
  element('lease').textContent =
    lease === undefined
      ? 'The lease cannot be read now.'
      : `The lease is held by ${lease.holder}, was renewed at ${lease.renewed}, and was taken over ${lease.transitions} times.`
}

async function refresh() {
  try {
    const response = await fetch('status.json')
    if (!response.ok) throw new Error(`the app answers ${response.status}`)
    show(await response.json())
    element('problem').textContent = ''
  } catch (error) {
    element('problem').textContent = String(error)
  }
}

async function tryRevocation() {
  element('try').disabled = true
  try {
    const response = await fetch('trial', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    const answer = await response.json()
    if (!response.ok) throw new Error(answer.message)
    fill(
      'trial',
      Object.entries(answer.refusedAfterMs).map(([name, ms]) => [name, ms === null ? 'never' : `${ms} ms`]),
    )
    element('problem').textContent = ''
  } catch (error) {
    element('problem').textContent = String(error)
  } finally {
    element('try').disabled = false
  }
}

element('try').addEventListener('click', () => void tryRevocation())

for (;;) {
  await refresh()
  await new Promise((resolve) => setTimeout(resolve, 1000))
}
