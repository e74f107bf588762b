"""A simulated PBX: speaks AMI as Asterisk does, and knows the truth about the calls it plays.

Event time is the wall clock at any speed: at speed 10 the same call centre lives ten times faster
(talks, patience and pauses last a tenth, callers come ten times as often), and what it says of
times is what a clock on the wall shows. So it agrees with the clock of whoever listens, and its
truth is in the same time.
"""
