# Row 44: link down is FAULT, one priority 0; back up is Backup with the full timer, never Master.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < link eth0 index=2 ip=10.0.0.1
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> tell (V1) MASTER -> FAULT: interface eth0 is down
@5 < advert prio=50
@5 < timer V1 Advert
@6 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; interface eth0 is down
@7 < link eth0 index=2 up ip=10.0.0.1
> arm V1 MasterDown @10.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@8 < link eth0 index=2 ip=10.0.0.1
> disarm V1 MasterDown
> tell (V1) BACKUP -> FAULT: interface eth0 is down
@9 < link eth0 index=2 up ip=10.0.0.1
> arm V1 MasterDown @12.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@12.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @13.609375
> arm V1 SecondBurst @17.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@13 < wait
