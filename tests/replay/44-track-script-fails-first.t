# Row 44: the first result is a failure: told once, as a fault. A second script, reversed, must not
# succeed.
script chk
script other interval=5
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
track V1 script other 0 reverse
track V1 script chk 0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> run chk
> wake script chk @1
> run other
> wake script other @5
> note (V1) waits: script other has no result yet
> note (V1) waits: script chk has no result yet
@0.1 < script chk 1
> note script chk failed: exit status 1
> tell (V1) INIT -> FAULT: script chk failed
> note (V1) waits: script other has no result yet
@0.2 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; script chk failed; script other has no result yet
@0.3 < script other ok
> note script other succeeded: exit status 0
> note (V1) another fault: script other succeeded
@0.4 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; script other succeeded; script chk failed
@1 * script chk
> run chk
> wake script chk @2
@1.1 < script chk ok
> note script chk succeeded: exit status 0
> note (V1) this fault is gone, others are left: script chk failed
@2 * script chk
> run chk
> wake script chk @3
@3 * script chk
> wake script chk @4
> note script chk still runs when it is due again; left out until it ends
@4 * script chk
> wake script chk @5
@5 * script other
> run other
> wake script other @10
@5 * script chk
> wake script chk @6
@5.1 < script other 1
> arm V1 MasterDown @8.709375
> note script other failed: exit status 1
> tell (V1) FAULT -> BACKUP: the fault is gone
