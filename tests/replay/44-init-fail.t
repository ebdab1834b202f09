# Row 44: init_fail: failed until `rise` successes. It starts in FAULT; with a weight, that is missing.
script chk rise=2 init_fail
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
track V1 script chk 0
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101
track V2 script chk 10
instance V3 eth0 vrid=53 prio=100 addr=10.0.0.102
track V3 script chk -10
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> run chk
> wake script chk @1
> arm V2 MasterDown @3.609375
> arm V3 MasterDown @3.648438
> note (V3) effective priority 100 -> 90
> tell (V1) INIT -> FAULT: script chk failed
> tell (V2) INIT -> BACKUP: starting
> tell (V3) INIT -> BACKUP: starting
@0.1 < script chk ok
@0.2 < status chk
> chk down count=1; exit status 0
@1 * script chk
> run chk
> wake script chk @2
@1.1 < script chk ok
> arm V2 MasterDown @3.570313
> arm V3 MasterDown @3.609375
> arm V1 MasterDown @4.709375
> note script chk succeeded: exit status 0
> note (V2) effective priority 100 -> 110
> note (V3) effective priority 90 -> 100
> tell (V1) FAULT -> BACKUP: the fault is gone
@2 * script chk
> run chk
> wake script chk @3
@2.1 < script chk 1
> disarm V1 MasterDown
> note script chk failed: exit status 1
> note (V2) effective priority 110 -> 100
> note (V3) effective priority 100 -> 90
> tell (V1) BACKUP -> FAULT: script chk failed
