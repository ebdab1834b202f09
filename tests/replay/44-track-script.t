# Row 44: a script of weight 0. The instance waits for the first result, untold; then rise and fall.
script chk interval=1 rise=2 fall=3
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
track V1 script chk 0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> run chk
> wake script chk @1
> note (V1) waits: script chk has no result yet
@0.1 < show V1
> V1 INIT wants=BACKUP prio=100 source=10.0.0.1 interval=1; script chk has no result yet
@0.1 < advert prio=150
@0.2 < script chk ok
> arm V1 MasterDown @3.809375
> note script chk succeeded: exit status 0
> tell (V1) INIT -> BACKUP: starting
@1 * script chk
> run chk
> wake script chk @2
@1.1 < script chk ok
@2 * script chk
> run chk
> wake script chk @3
@2.1 < script chk 1
@3 * script chk
> run chk
> wake script chk @4
@3.1 < script chk 1
@3.2 < status chk
> chk up count=2; exit status 1
@3.809375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.809375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.9 < wait
@4 * script chk
> run chk
> wake script chk @5
@4.1 < script chk signal
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> note script chk failed: ended by signal 9
> tell (V1) MASTER -> FAULT: script chk failed
@5 * script chk
> run chk
> wake script chk @6
@5.1 < script chk ok
@5.2 < status chk
> chk down count=1; exit status 0
@6 * script chk
> run chk
> wake script chk @7
@6.1 < script chk ok
> arm V1 MasterDown @9.709375
> note script chk succeeded: exit status 0
> tell (V1) FAULT -> BACKUP: the fault is gone
@6.2 < status chk
> chk up count=4; exit status 0
@7 * script chk
> run chk
> wake script chk @8
@7.1 < script chk 2
@8 * script chk
> run chk
> wake script chk @9
@8.1 < script chk ok
@9 * script chk
> run chk
> wake script chk @10
@9.1 < script chk timeout
@9.709375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @10.709375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@10 * script chk
> run chk
> wake script chk @11
@10.1 < script chk unstarted
@10.709375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @11.709375
@11 * script chk
> run chk
> wake script chk @12
@11.1 < script chk unstarted
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> note script chk failed: could not be started
> tell (V1) MASTER -> FAULT: script chk failed
@12 < stop
> wake script chk never
> tell (V1) FAULT -> INIT: stopping
