import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { refusal } from '../decision.ts'
import { decideTopicCreation, refusedCreations } from '../topics.ts'
import { handle } from './handle.ts'

export const createTopics = handle(CreateTopics, (request, { controller }) =>
  controller.decide(
    state => decideTopicCreation(state, request),
    error => refusedCreations(request, refusal(error)),
  ),
)
