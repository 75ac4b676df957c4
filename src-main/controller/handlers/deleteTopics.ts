import { DeleteTopics } from '../../protocol/messages/deleteTopics.ts'
import { refusal } from '../decision.ts'
import { decideTopicDeletion, refusedDeletions } from '../topics.ts'
import { handle } from './handle.ts'

export const deleteTopics = handle(DeleteTopics, (request, { controller }, { apiVersion }) =>
  controller.decide(
    state => decideTopicDeletion(state, request, apiVersion),
    error => refusedDeletions(request, refusal(error)),
  ),
)
