# Row 44: a fault at the start beside a script without a result is told at once; the result then
# only joins or leaves it.
script chk
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
track V1 script chk 0
@0 < link eth0 index=2 ip=10.0.0.1
@0 < start
> run chk
> wake script chk @1
> tell (V1) INIT -> FAULT: interface eth0 is down
> note (V1) waits: script chk has no result yet
@0.1 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; interface eth0 is down; script chk has no result yet
@0.2 < script chk 1
> note script chk failed: exit status 1
> note (V1) another fault: script chk failed
@0.5 < link eth0 index=2 up ip=10.0.0.1
> note (V1) this fault is gone, others are left: interface eth0 is down
@1 * script chk
> run chk
> wake script chk @2
@1.2 < script chk ok
> arm V1 MasterDown @4.809375
> note script chk succeeded: exit status 0
> tell (V1) FAULT -> BACKUP: the fault is gone
