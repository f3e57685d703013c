"""Consensus: Tendermint (arXiv 1807.04938, Algorithm 1) as one pure function.

    state, effects = step(state, event)        # inputs.py -> effects.py; no clock, no I/O, no randomness

The driver (`node/driver.py`, and a small one in the simulator) owns clock, keys, disk and network, and promises:

1. It hands in only what it has checked: a vote after its signature (`Vote.signing_bytes`), a proposal after its
   signature and after its whole block has arrived, encodes to `parts`, has `block_id`, and was executed. `valid` and
   `timely` are its judgement, made once, at first receipt. It asks `wants_proposal(state, proposal)` before it fetches.
2. It appends each input to the write-ahead log, and only then does the effects of `step`, in order. An input that gave
   back the very same state need not be logged, so that a flood of repeats does not grow the log. Blocks of proposals go
   into the log too, before their ProposalReceived.
3. A SignAndPublish effect is done in this order: sync of the log, so that a replay asks for this very signature again;
   sign guard and signature; fsync of the signer's state; append of the own message (as the input it comes back as) to
   the log, with fsync; `step` with it; publish to the peers. When the signer refuses, the node stays silent: nothing
   is logged, fed back or published, and timeouts carry on.
4. GetValue is answered with ProposedValue, ScheduleTimeout with TimeoutElapsed, RequestBlock with ProposalReceived or
   BlockJudged; late or superfluous answers do no harm.
5. Decide: commit the block, end the log's height, and feed StartHeight(height + 1, its validators) when the block
   time is over. Until then late precommits still count: `commit_of(state.votes, state.height)`. A block of this height
   that came with its commit (`check_commit`) may be committed at any time, without waiting for Decide.
6. Messages of height + 1 wait in `EarlyMessages`; those of other heights are dropped: repeats bring them again.
7. On StepChanged, on connect and each second it tells each peer `status(state)`; a peer's status is answered with
   `repeats_for(state, peer_status)`, whose messages bypass seen-sets.
8. After a start, before any network input or timer: `state, owed = resume(initial_state(own), logged_inputs)`, then the
   owed effects are done by rule 3. The log of a height begins with its StartHeight; an empty log means a fresh one.

A driver in short:

    def feed(event, own=False):
        state, effects = step(self.state, event)
        if state is not self.state:
            (log.append_own if own else log.append)(event)
        self.state = state
        self.owed.extend(effects)

    def work():                                     # in order of emission: the signer never sees a regression
        while self.owed:
            match self.owed.popleft():
                case SignAndPublishVote(type_, height, round_, target):
                    log.sync()
                    vote = signer.sign_vote(type_, height, round_, target)
                    if isinstance(vote, Vote):      # else Refused: silence
                        feed(VoteReceived(vote), own=True)
                        publish(vote)
                case Decide(height, round_, block_id, commit): ...
"""
