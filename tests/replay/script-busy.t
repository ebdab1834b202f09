# A script is never run twice at a time; a stall is not made up for; after the stop nothing counts.
script chk interval=1
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
track V1 script chk 10
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> run chk
> wake script chk @1
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 * script chk
> wake script chk @2
> note script chk still runs when it is due again; left out until it ends
@2 * script chk
> wake script chk @3
@2.5 < status chk
> chk unknown count=0 running
@2.5 < script chk timeout
> note script chk failed: killed, it ran too long
@2.6 < script chk ok
@3 * script chk
> run chk
> wake script chk @4
@3 < wait
@3.1 < script chk ok
> arm V1 MasterDown @3.570313
> note script chk succeeded: exit status 0
> note (V1) effective priority 100 -> 110
@3.2 < clock chk
> wake script chk @4
@3.5 < freeze
@7.7 < thaw
@7.7 * V1 MasterDown
> advertise V1 prio=110 rev=1
> claim V1 repeat=5
> arm V1 Advert @8.7
> arm V1 SecondBurst @12.7
> tell (V1) BACKUP -> MASTER: no advert for 3.570313 s
@7.7 * script chk
> run chk
> wake script chk @8.7
@7.9 < stop
> advertise V1 prio=0 rev=1
> release V1
> wake script chk never
> disarm V1 Advert
> disarm V1 SecondBurst
> tell (V1) MASTER -> INIT: stopping
@8 < script chk 1
@9 < clock chk
@9 < status chk
> chk up count=1; exit status 0
