import { expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { api, string } from '../protocol/schema.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { bind, byApiKey, type Handler, handlerFor } from '../wire/handler.ts'
import { serve } from '../wire/serve.ts'
import { ControllerLink } from './controllerLink.ts'

const Echo = api({ key: 900, name: 'Echo', versions: [0, 0], flexibleFrom: 0, request: { text: string }, response: { text: string } })
const AT = { host: '127.0.0.1', port: 9093 }
const handle = handlerFor<void>()
const echo = handle(Echo, ({ text }) => ({ text }))
const never = handle(Echo, () => new Promise<never>(() => {}))

async function aController(world: World, handler: Handler<void>): Promise<void> {
  const env = world.env('controller')
  await world.settle(
    env.network.listen(AT, connection => {
      serve(env, connection, {
        listener: 'CONTROLLER',
        handlers: byApiKey(bind([handler], undefined)),
        maxRequestBytes: 1_000_000,
        maxPendingResponseBytes: 1_000_000,
        idleTimeoutMs: 600_000,
        log: silentLogger,
      })
    }),
  )
}

it('asks a controller again that leads once more after its machine vanished with the question, and nobody said so', async () => {
  const world = simulatedWorld(1)
  await aController(world, never)
  let changed = () => {}
  const link = new ControllerLink(world.env('broker'), {
    clientId: 'broker-1',
    whereabouts: { address: () => AT, onChange: listen => (changed = listen) },
    requestTimeoutMs: 60_000,
    logger: silentLogger,
  })
  const answer = link.send(Echo, { text: 'register me' })
  await world.run(100)
  world.crash('controller', { silently: true })
  await aController(world, echo)
  await world.run(1_000)
  changed()
  const before = world.elapsed
  expect(await world.settle(answer)).toEqual({ text: 'register me' })
  expect(world.elapsed - before).toBeLessThan(1_000)
})
